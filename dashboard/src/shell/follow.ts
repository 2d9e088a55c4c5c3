// Goes to another page as a click on a link does, so that a form with unsaved changes can ask first.

export function follow(href: string): void {
	const link = document.createElement("a");
	link.href = href;
	// The router and the guard of a form listen above it.
	document.body.append(link);
	link.click();
	link.remove();
}
