// A bug in a page must not leave an empty window.

import { Component, type ComponentChildren } from "preact";
import { HOME } from "../paths";
import { t } from "../text/common";

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
				<h1>{t("crashed")}</h1>
				<p>{t("crashedText")}</p>
				<p>
					{/* The router is gone with the page in which it crashed: this loads a new page. */}
					<a class="button button-plain" href={HOME}>
						{t("startAgain")}
					</a>
				</p>
			</main>
		);
	}
}
