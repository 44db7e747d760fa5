export { checkSqliteIntegrity } from "./storage/sqlite/integrity.ts";
export { openSqliteStorage } from "./storage/sqlite/open.ts";
