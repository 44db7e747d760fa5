export {
  transferToPostgres,
  type TransferOptions,
  type TransferProgress,
  type TransferReport,
  type TransferredTable,
} from "./storage/transfer/transfer.ts";
