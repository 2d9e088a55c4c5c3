// A bug in a page must not leave an empty window.

import { Component, type ComponentChildren } from "preact";
import { HOME } from "../paths";

interface State {
	readonly hasCrashed: boolean;
}

export class CrashScreen extends Component<{ children: ComponentChildren }, State> {
	override state: State = { hasCrashed: false };

	static override getDerivedStateFromError(): State {
		return { hasCrashed: true };
	}

	override componentDidCatch(error: unknown): void {
		console.error(error);
	}

	override render() {
		if (!this.state.hasCrashed) return this.props.children;
		return (
			<main class="page blank">
				<h1>Something went wrong</h1>
				<p>This page met an error it can’t recover from. Your data is safe on the server.</p>
				<p>
					{/* The router is gone with the page it crashed in: this loads afresh. */}
					<a class="button" href={HOME}>
						Start again
					</a>
				</p>
			</main>
		);
	}
}
