import { models } from "@prosopon/models";

for (const { role, name, licence, sha256 } of models) console.log(`${role}: ${name}, ${licence}, ${sha256}`);
