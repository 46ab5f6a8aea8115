//! The verifier as the build puts it in: its bytes in the self-contained file, nothing elsewhere, where it lies beside
//! the code.

declare module 'pages:verifier' {
  /** `verifier.wasm`, which judges every kind of evidence. */
  export const bytes: Uint8Array<ArrayBuffer> | undefined;
}
