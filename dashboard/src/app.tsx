// The routes and the frame around all pages.

import { useMemo, useReducer, useRef } from "preact/hooks";
import { LocationProvider, Route, Router, useLocation } from "preact-iso";
import { createApi } from "./api";
import { CrashScreen } from "./components/crash-screen";
import { Header } from "./components/header";
import { DeskContext } from "./desk";
import { ConversationPage } from "./pages/conversation";
import { ConversationsPage } from "./pages/conversations";
import { LoginPage } from "./pages/login";
import { NotFoundPage } from "./pages/not-found";
import { loginPath } from "./paths";
import { initialState, reduce } from "./state";

export function App() {
	return (
		<CrashScreen>
			<LocationProvider>
				<Pages />
			</LocationProvider>
		</CrashScreen>
	);
}

function Pages() {
	const { url, path, route } = useLocation();
	const [state, dispatch] = useReducer(reduce, initialState);
	const listScroll = useRef(0);
	const here = useRef(url);
	here.current = url;

	// Created once: route() and dispatch() are stable, and the URL is read when needed.
	const api = useMemo(
		() =>
			createApi(() => {
				dispatch({ type: "signed_out" });
				listScroll.current = 0;
				if (!here.current.startsWith("/login")) route(loginPath(here.current), true);
			}),
		[],
	);

	return (
		<DeskContext.Provider value={{ state, dispatch, api, listScroll }}>
			{path !== "/login" && <Header />}
			<Router>
				<Route path="/" component={ConversationsPage} />
				<Route path="/login" component={LoginPage} />
				<Route path="/conversations/:id" component={ConversationPage} />
				<Route default component={NotFoundPage} />
			</Router>
		</DeskContext.Provider>
	);
}
