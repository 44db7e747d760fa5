/** A decoder's process whose event loop is held for ever by the first image. */
process.once("disconnect", () => process.exit());
process.on("message", () => {
  for (;;);
});
