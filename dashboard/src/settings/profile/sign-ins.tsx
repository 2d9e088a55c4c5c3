// The user's sessions: where they are signed in, and how to end that.

import { useRef, useState } from "preact/hooks";
import type { Login } from "../../../../workerd/api/openapi/openapi";
import { type Data, useData, useDesk } from "../../api/desk";
import { useNow } from "../../hooks/use-now";
import { useRefresh } from "../../hooks/use-refresh";
import { useMe } from "../../shell/me";
import { toast, toastError } from "../../shell/toasts";
import { deviceOf } from "../../text/device";
import { words } from "../../text/words";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Confirm } from "../../ui/dialog";
import { Sentence } from "../../ui/sentence";
import { TimeStamp } from "../../ui/time-stamp";
import { Loaded } from "../loaded";
import { t } from "../texts";

interface Logins {
	readonly logins: readonly Login[];
}

const REFRESH_MS = 10_000;

/** A new password ends sign-ins, which the change feed reports; it says nothing of new ones. */
function useLogins(): Data<Logins> {
	const remote = useData<Logins>("logins", (api) => ({
		load: (signal) => api.read("/v1/admin/logins", { signal }),
		kinds: ["user"],
	}));
	useRefresh(remote.refresh, REFRESH_MS);
	return remote;
}

export function SignInsSection() {
	const { api } = useDesk();
	const remote = useLogins();
	const { data: me } = useMe();
	const [isAsking, setAsking] = useState(false);
	const list = useRef<HTMLUListElement>(null);

	async function end(login: Login) {
		const before = remote.data;
		if (!before) return;
		remote.set({ logins: before.logins.filter((one) => one.id !== login.id) });
		// The button that had the focus goes with its row.
		list.current?.focus();
		try {
			await api.delete("/v1/admin/logins/{loginId}", { path: { loginId: login.id } });
			toast({ text: t("signInEnded") });
		} catch (reason) {
			remote.set(before);
			toastError(reason);
		}
	}

	async function endOthers() {
		await api.delete("/v1/admin/logins");
		toast({ text: t("signInsEnded") });
		await remote.refresh();
	}

	return (
		<Loaded remote={remote}>
			{({ logins }) => (
				<>
					<p class="settings-lead">{t(me?.user ? "signInsLead" : "signInsLeadPassword")}</p>
					<ul class="card settings-rows" ref={list} tabIndex={-1}>
						{logins.map((login) => (
							<SignIn key={login.id} login={login} end={() => end(login)} />
						))}
					</ul>
					{logins.some((one) => !one.current) && (
						<div class="settings-foot">
							<Button onClick={() => setAsking(true)}>{t("signInsEndOthers")}</Button>
						</div>
					)}
					{isAsking && (
						<Confirm
							title={t("signInsEndTitle")}
							action={t("signInsEndOthers")}
							isDangerous
							onConfirm={endOthers}
							onClose={() => setAsking(false)}
						>
							<p>{t("signInsEndText")}</p>
						</Confirm>
					)}
				</>
			)}
		</Loaded>
	);
}

interface SignInProps {
	readonly login: Login;
	readonly end: () => void;
}

function nameOf({ program }: Login): string {
	const { browser, system } = deviceOf(program);
	if (browser && system) return t("deviceOn", { browser, system });
	return browser ?? system ?? (program || t("deviceUnknown"));
}

function SignIn({ login, end }: SignInProps) {
	const now = useNow();
	return (
		<li class="settings-row">
			<div class="settings-row-text">
				<p class="settings-row-title">
					<span title={login.program}>{nameOf(login)}</span>
					{login.current && <Badge tone="good">{t("signInHere")}</Badge>}
				</p>
				<p class="quiet">
					<span class="mono-text">{login.address}</span>
					{" · "}
					<Sentence
						text={t("signedIn")}
						parts={{
							when: (
								<TimeStamp at={login.created_at} text={words.relative(login.created_at, now)} />
							),
						}}
					/>
				</p>
			</div>
			{!login.current && (
				<Button
					isSmall
					onClick={end}
					aria-label={t("signInEndOf", { device: nameOf(login), address: login.address })}
				>
					{t("signInEnd")}
				</Button>
			)}
		</li>
	);
}
