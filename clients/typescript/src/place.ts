//! Where this package's code is. The one line that the two module formats write differently: build.mjs replaces it.

/** URL of this very file. */
export const HERE: string = import.meta.url;
