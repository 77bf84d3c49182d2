/** The stock kernels, which are part of the package. */
export const STOCK = new URL('../wasm/weft.wasm', import.meta.url);
