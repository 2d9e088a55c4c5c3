// esbuild bundles imported style sheets into one file; this declaration lets TypeScript accept the
// imports.
declare module "*.css";
