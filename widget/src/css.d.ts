// The build turns a style sheet into a module that exports its text, minified.
declare module "*.css" {
	export const css: string;
}
