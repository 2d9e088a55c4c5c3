// The bar above every page except the login: home and logout.

import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { useDesk } from "../desk";
import { ApiError } from "../errors";
import { HOME, loginPath } from "../paths";
import { Brand } from "./brand";

export function Header() {
	const { api, dispatch, listScroll } = useDesk();
	const { route } = useLocation();
	const [isLeaving, setLeaving] = useState(false);
	const [hasFailed, setFailed] = useState(false);

	async function logOut() {
		if (isLeaving) return;
		setLeaving(true);
		setFailed(false);
		try {
			await api.logOut();
		} catch (error) {
			// The client redirects an expired session to the login page.
			if (error instanceof ApiError && error.failure === "signed_out") return;
			// Do not appear logged out while the cookie is still valid.
			setFailed(true);
			setLeaving(false);
			return;
		}
		dispatch({ type: "signed_out" });
		listScroll.current = 0;
		route(loginPath(HOME), true);
	}

	return (
		<header class="bar">
			<a class="skip" href="#main">
				Skip to content
			</a>
			<div class="bar-inner">
				<a class="bar-home" href={HOME}>
					<Brand />
				</a>
				<span class="bar-alert" role="alert">
					{hasFailed && "Couldn’t log out. Try again."}
				</span>
				<button
					class="button button-quiet"
					type="button"
					aria-disabled={isLeaving}
					onClick={logOut}
				>
					Log out
				</button>
			</div>
		</header>
	);
}
