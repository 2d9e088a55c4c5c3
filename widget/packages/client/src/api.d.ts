// In the package, the types that are generated from the API's document take the place of this file (build.mjs).
export type { components } from "../../../../workerd/api/openapi/openapi.js";
