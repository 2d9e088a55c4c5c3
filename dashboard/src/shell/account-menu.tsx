// The user's menu: whether it answers visitors, theme, sign out.

import { useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import { follow, settingsPath } from "../paths";
import { t } from "../text/common";
import { Avatar } from "../ui/avatar";
import { Menu, type MenuItem } from "../ui/menu";
import { type Availability, availabilityName, useMe } from "./me";
import { type Theme, useTheme } from "./theme";
import { toastError } from "./toasts";

interface AccountMenuProps {
	/** After the session has ended. */
	readonly onSignedOut: () => void;
	readonly onShortcuts: () => void;
}

export function AccountMenu({ onSignedOut, onShortcuts }: AccountMenuProps) {
	const { api } = useDesk();
	const remote = useMe();
	const { data: me } = remote;
	const [theme, chooseTheme] = useTheme();
	const name = me?.user?.name || me?.user?.email || t("owner");
	const organization = me?.organization.name ?? "";

	async function signOut() {
		try {
			await api.post("/api/logout", {});
		} catch (reason) {
			// The client has redirected an expired session. Otherwise the cookie is still valid: say so.
			if (ApiError.from(reason).failure !== "signed_out") toastError(reason);
			return;
		}
		onSignedOut();
	}

	async function choose(availability: Availability) {
		if (!me?.user) return;
		try {
			const body = { availability };
			const answer = await api.put("/v1/admin/me/availability", { body });
			remote.set({ ...me, user: { ...me.user, ...answer } }, remote.etag);
		} catch (reason) {
			toastError(reason);
		}
	}

	const isIdle = me?.user?.chosenAvailability === "online" && me.user.availability === "away";

	/** What the user has chosen. */
	const stateItem = (choice: Availability): MenuItem => ({
		text: choice === "online" && isIdle ? t("stateIdle") : availabilityName(choice),
		isChecked: me?.user?.chosenAvailability === choice,
		run: () => void choose(choice),
	});

	const themeItem = (choice: Theme | null, text: string): MenuItem => ({
		text,
		isChecked: theme === choice,
		run: () => chooseTheme(choice),
	});

	return (
		<Menu
			class="account"
			label={t("account", { name })}
			isNamed
			items={[
				{ text: t("profile"), icon: "person", run: () => follow(settingsPath("profile")) },
				{ text: t("shortcuts"), icon: "book", run: onShortcuts },
				...(me?.user ? (["online", "away", "off"] as const).map(stateItem) : []),
				themeItem(null, t("themeSystem")),
				themeItem("light", t("themeLight")),
				themeItem("dark", t("themeDark")),
				{ text: t("signOut"), icon: "logout", run: signOut },
			]}
		>
			<span class="account-picture">
				<Avatar name={name} person={name} picture={me?.user?.picture ?? null} />
				{me?.user && (
					<span
						class={`presence presence-${me.user.availability}`}
						title={availabilityName(me.user.availability)}
					/>
				)}
			</span>
			<span class="account-text">
				<span class="account-name">{name}</span>{" "}
				<span class="account-organization">{organization}</span>
			</span>
		</Menu>
	);
}
