// Asks before a link, "back" or the browser leaves a page with changes that are not saved. Active while it is rendered.

import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { t } from "../text/common";
import { Confirm } from "./dialog";

/** The address to which the click leads within the dashboard; null: it stays here, or the browser does something else. */
function destination(event: MouseEvent): string | null {
	if (event.button !== 0 || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)
		return null;
	const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
	if (!link || link.origin !== location.origin || link.target !== "" || link.download !== "")
		return null;
	return link.pathname === location.pathname ? null : link.pathname + link.search;
}

export function LeaveGuard() {
	const { route } = useLocation();
	const [to, setTo] = useState<string | null>(null);
	useEffect(() => {
		function onClick(event: MouseEvent) {
			const path = destination(event);
			if (path === null) return;
			event.preventDefault();
			event.stopPropagation();
			setTo(path);
		}
		const here = location.href;
		// The address has changed already, the page has not.
		function onBack(event: PopStateEvent) {
			const path = location.pathname + location.search;
			if (location.pathname === new URL(here).pathname) return;
			event.stopImmediatePropagation();
			history.pushState(null, "", here);
			setTo(path);
		}
		// The browser asks in its own words.
		const onUnload = (event: BeforeUnloadEvent) => event.preventDefault();
		// Both before the router, which listens to the window.
		document.addEventListener("click", onClick, true);
		window.addEventListener("beforeunload", onUnload);
		window.addEventListener("popstate", onBack, true);
		return () => {
			document.removeEventListener("click", onClick, true);
			window.removeEventListener("beforeunload", onUnload);
			window.removeEventListener("popstate", onBack, true);
		};
	}, []);
	if (to === null) return null;
	return (
		<Confirm
			title={t("leaveTitle")}
			action={t("leave")}
			isDangerous
			onConfirm={async () => route(to)}
			onClose={() => setTo(null)}
		>
			<p>{t("leaveText")}</p>
		</Confirm>
	);
}
