// The page for unknown URLs and conversations that do not exist.

import { focusHeading, useArrival, useTitle } from "../hooks/use-arrival";
import { HOME } from "../paths";

export function NotFoundPage() {
	useTitle("Not found");
	useArrival(focusHeading);
	return (
		<main class="page" id="main" tabIndex={-1}>
			<NotFound title="Page not found" text="There is nothing at this address." />
		</main>
	);
}

export function NotFound({ title, text }: { readonly title: string; readonly text: string }) {
	return (
		<div class="blank">
			<p class="blank-code" aria-hidden="true">
				404
			</p>
			<h1 class="blank-title" tabIndex={-1}>
				{title}
			</h1>
			<p>{text}</p>
			<a class="button" href={HOME}>
				All conversations
			</a>
		</div>
	);
}
