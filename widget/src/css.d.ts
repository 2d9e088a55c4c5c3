// The build turns a style sheet into a module that exports its text, minified.
declare module "*.css" {
	export const css: string;
}

// The keys of the texts, in their order.
declare module "*/en.json?keys" {
	export const keys: readonly string[];
}
