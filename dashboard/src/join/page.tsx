// Where an invitation's link leads: makes a user and signs in.

import { useEffect, useState } from "preact/hooks";
import { useRoute } from "preact-iso";
import type { ShownInvitation } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import { focusHeading, useArrival, useTitle } from "../hooks/use-arrival";
import { describe } from "../text/describe";
import { Brand } from "../ui/brand";
import { Button, ButtonLink } from "../ui/button";
import { Skeleton } from "../ui/skeleton";
import { JoinForm } from "./form";
import { t } from "./texts";

export function JoinPage() {
	const { api } = useDesk();
	const token = useRoute().params.token ?? "";
	const [invitation, setInvitation] = useState<ShownInvitation | null>(null);
	const [error, setError] = useState<ApiError | null>(null);
	useTitle(t("title"));
	useArrival(focusHeading, "always");

	async function load(signal?: AbortSignal) {
		setError(null);
		try {
			setInvitation(await api.get("/v1/invitations/{token}", { path: { token }, signal }));
		} catch (reason) {
			if (!signal?.aborted) setError(ApiError.from(reason));
		}
	}

	useEffect(() => {
		const abort = new AbortController();
		void load(abort.signal);
		return () => abort.abort();
	}, [token]);

	return (
		<main class="join" id="main">
			<div class="join-card">
				<Brand />
				{error ? (
					<Refused error={error} retry={() => void load()} />
				) : invitation ? (
					<JoinForm invitation={invitation} token={token} onGone={setError} />
				) : (
					<>
						<h1 tabIndex={-1}>{t("title")}</h1>
						<Skeleton rows={3} kind="form" />
					</>
				)}
			</div>
		</main>
	);
}

/** What became of the link, and what to do. */
function outcome({ code, status }: ApiError): { title: string; text: string } | null {
	if (code === "invitation_used") return { title: t("used"), text: t("usedText") };
	if (code === "invitation_expired") return { title: t("expired"), text: t("expiredText") };
	if (status === 404) return { title: t("unknown"), text: t("unknownText") };
	return null;
}

interface RefusedProps {
	readonly error: ApiError;
	readonly retry: () => void;
}

function Refused({ error, retry }: RefusedProps) {
	const known = outcome(error);
	return (
		<div class="join-refused" role="alert">
			<h1 tabIndex={-1}>{known?.title ?? t("failed")}</h1>
			<p>{known?.text ?? describe(error)}</p>
			{known ? (
				<ButtonLink href="/login">{t("toLogin")}</ButtonLink>
			) : (
				<Button icon="refresh" onClick={retry}>
					{t("retry")}
				</Button>
			)}
		</div>
	);
}
