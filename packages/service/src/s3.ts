export { openS3Blobs, type S3Credentials, type S3Options } from "./blobs/s3.ts";
