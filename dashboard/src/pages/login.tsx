// One password, and where to go once it is right.

import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { Brand } from "../components/brand";
import { useDesk } from "../desk";
import { ApiError, describe } from "../errors";
import { useArrival, useTitle } from "../hooks/use-arrival";
import { safeNext } from "../paths";

/** What a 429 without Retry-After is taken to mean. */
const DEFAULT_WAIT_MS = 60_000;

export function LoginPage() {
	const { api } = useDesk();
	const { query, route } = useLocation();
	const field = useRef<HTMLInputElement>(null);
	const [isSending, setSending] = useState(false);
	const [problem, setProblem] = useState("");
	const [wait, setWait] = useCountdown();

	useTitle("Log in");
	// The autofocus attribute works on page loads only.
	useArrival(() => field.current?.focus(), "always");

	async function submit(event: Event) {
		event.preventDefault();
		const password = field.current?.value ?? "";
		if (password === "") {
			setProblem("Enter the password.");
			field.current?.focus();
			return;
		}
		setSending(true);
		setProblem("");
		try {
			await api.logIn(password);
			route(safeNext(query.next), true);
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			setSending(false);
			setProblem(loginProblem(error));
			if (error.status === 429) setWait(error.retryAfterMs ?? DEFAULT_WAIT_MS);
			// The next thing anyone does after a wrong password is to type it again.
			field.current?.focus();
			field.current?.select();
		}
	}

	return (
		<main class="login" id="main">
			<form class="login-card" method="post" action="/api/login" noValidate onSubmit={submit}>
				<Brand />
				<h1 class="login-title">Log in to your dashboard</h1>
				{/* Password managers file a password under a name. */}
				<input type="text" name="username" autocomplete="username" value="owner" readOnly hidden />
				<label class="login-label" for="password">
					Password
				</label>
				<input
					class="field"
					ref={field}
					id="password"
					name="password"
					type="password"
					autocomplete="current-password"
					required
					readOnly={isSending}
					aria-invalid={problem !== ""}
					aria-describedby="login-problem"
				/>
				<p class="login-problem" id="login-problem" role="alert">
					{problem}
				</p>
				<button class="button button-main" type="submit" disabled={isSending || wait > 0}>
					{isSending ? "Logging in…" : wait > 0 ? `Try again in ${wait} s` : "Log in"}
				</button>
			</form>
		</main>
	);
}

function loginProblem(error: ApiError): string {
	if (error.status === 401) return "That password is wrong.";
	if (error.status === 429) return "Too many attempts. Wait a moment before the next one.";
	if (error.status === 503 && error.message.includes("DASHBOARD_PASSWORD")) {
		return "No password is set on this server. Set DASHBOARD_PASSWORD and restart it.";
	}
	return describe(error);
}

/** Whole seconds, counted down to 0, and how to start it in milliseconds. */
function useCountdown(): [number, (ms: number) => void] {
	const [end, setEnd] = useState(0);
	const [now, setNow] = useState(0);
	const left = Math.max(0, Math.ceil((end - now) / 1000));

	useEffect(() => {
		if (left === 0) return;
		const timer = setTimeout(() => setNow(Date.now()), 1000);
		return () => clearTimeout(timer);
	}, [left, now]);

	const start = (ms: number) => {
		setNow(Date.now());
		setEnd(Date.now() + ms);
	};
	return [left, start];
}
