import type { S3Credentials, S3Options } from "@prosopon/service/s3";
import { variables } from "./config.ts";
import { UsageError } from "./errors.ts";
import { rereadSecret } from "./secret-files.ts";
import { holdsCredentials } from "./setting.ts";

/** Of `s3://bucket/prefix` with the credentials of the environment; undefined for a directory. @throws UsageError */
export function s3Options(blobs: string, env: NodeJS.ProcessEnv = process.env): S3Options | undefined {
  if (!/^[a-z0-9]+:\/\//i.test(blobs)) return undefined;
  const [, bucket, prefix = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(blobs) ?? [];
  if (bucket === undefined)
    throw new UsageError(
      "--blobs (PROSOPON_BLOBS) must be a directory, or object storage as s3://bucket or s3://bucket/prefix.",
    );
  const given = (name: keyof typeof variables) => env[variables[name].env]?.trim() || undefined;
  const [accessKeyId, secretAccessKey] = [given("s3AccessKeyId"), given("s3SecretAccessKey")];
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new UsageError(
      `${blobs} needs its credentials: set ${variables.s3AccessKeyId.env} and ${variables.s3SecretAccessKey.env}.`,
    );
  const sessionToken = given("s3SessionToken");
  const [endpoint, region] = [given("s3Endpoint"), given("s3Region")];
  // AWS's temporary key ids begin like this; without the token it would only answer that it does not know the key.
  if (endpoint === undefined && accessKeyId.startsWith("ASIA") && sessionToken === undefined)
    throw new UsageError(
      `${variables.s3AccessKeyId.env} is one of temporary credentials: set ${variables.s3SessionToken.env} too.`,
    );
  if (
    endpoint !== undefined &&
    !(URL.canParse(endpoint) && /^https?:/.test(endpoint) && !holdsCredentials(endpoint))
  )
    throw new UsageError(
      `${variables.s3Endpoint.env} must be an address such as https://objects.example:9000, without user and password.`,
    );
  const credentials: S3Credentials = {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
  };
  return {
    bucket,
    ...credentials,
    renewed: () => {
      const sessionToken = rereadSecret(variables.s3SessionToken.env, env);
      return {
        accessKeyId: rereadSecret(variables.s3AccessKeyId.env, env) ?? accessKeyId,
        secretAccessKey: rereadSecret(variables.s3SecretAccessKey.env, env) ?? secretAccessKey,
        ...(sessionToken !== undefined && { sessionToken }),
      };
    },
    ...(prefix !== "" && { prefix: prefix.replace(/\/*$/, "/") }),
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
  };
}
