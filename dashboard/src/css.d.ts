declare module "*.css" {
	const nothing: never;
	export default nothing;
}

/** The address of the style sheet; the build writes the file. */
declare module "*.css?link" {
	const href: string;
	export default href;
}

/** The address of a page that the build writes. */
declare module "*?page" {
	const href: string;
	export default href;
}
