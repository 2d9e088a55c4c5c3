// The routes and what they share.

import { useMemo, useRef } from "preact/hooks";
import { ErrorBoundary, LocationProvider, Route, Router, useLocation } from "preact-iso";
import { createClient } from "./api/client";
import { type Desk, DeskContext, forgetUser } from "./api/desk";
import { createFeed } from "./api/feed";
import { browser } from "./api/surroundings";
import { HOME, loginPath } from "./paths";
import { inUsersLanguage } from "./refusals/in-users-language";
import { ROUTES } from "./routes";
import { CrashScreen } from "./shell/crash-screen";
import { Frame } from "./shell/frame";
import { NotFoundPage } from "./shell/not-found";

export function App() {
	return (
		<CrashScreen>
			<LocationProvider>
				<Pages />
			</LocationProvider>
		</CrashScreen>
	);
}

function isPublic(path: string): boolean {
	return ROUTES.some((one) => one.isPublic && path.startsWith(one.path.replace(/\/:.*/, "")));
}

function Pages() {
	const { url, path, route } = useLocation();
	const here = useRef(url);
	here.current = url;

	function leave(to: string) {
		forgetUser(desk);
		route(to, true);
	}

	const desk = useMemo<Desk>(
		() => ({
			api: createClient(
				() => {
					if (!isPublic(here.current)) leave(loginPath(here.current));
				},
				undefined,
				inUsersLanguage,
			),
			feed: createFeed(browser),
			entries: new Map(),
			kept: new Map(),
		}),
		[],
	);

	const router = (
		<ErrorBoundary>
			<Router>
				{/* Without keys: a page with several addresses stays mounted when the address changes. */}
				{...ROUTES.map((one) => <Route path={one.path} component={one.component} />)}
				<Route default component={NotFoundPage} />
			</Router>
		</ErrorBoundary>
	);
	if (isPublic(path)) return <DeskContext.Provider value={desk}>{router}</DeskContext.Provider>;
	desk.feed.start();
	return (
		<DeskContext.Provider value={desk}>
			<Frame onSignedOut={() => leave(loginPath(HOME))}>{router}</Frame>
		</DeskContext.Provider>
	);
}
