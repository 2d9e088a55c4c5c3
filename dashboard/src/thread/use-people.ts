// Who can be in charge of a conversation.

import { useData } from "../api/desk";
import { useMe } from "../shell/me";

export interface Person {
	readonly id: string;
	readonly name: string;
}

/** All users, for owners; other users know only themselves. */
export function usePeople(): readonly Person[] {
	const { data: me } = useMe();
	const isOwner = me?.role === "owner";
	const { data } = useData(isOwner ? "people" : "people:none", (api) => ({
		async load(signal) {
			if (!isOwner) return { data: [], etag: undefined };
			const { data, etag } = await api.read("/v1/admin/users", { query: { limit: 200 }, signal });
			return { data: data.users, etag };
		},
		kinds: ["user"],
	}));
	const users = data && data.length > 0 ? data : me?.user ? [me.user] : [];
	return users.map(({ id, name, email }) => ({ id, name: name || email }));
}
