// The users of the organization, to whom conversations are assigned. Members see only themselves until the server lets
// them list the others.

import { useData } from "../api/desk";
import { useMe } from "./me";

export interface Person {
	readonly id: string;
	readonly name: string;
}

/** Everybody who is known, the user first. */
export function usePeople(): readonly Person[] {
	const { data: me } = useMe();
	const isOwner = me?.role === "owner";
	const { data } = useData(`people ${isOwner}`, (api) => ({
		load: async (signal) => {
			if (!isOwner) return { data: { users: [], nextCursor: null }, etag: undefined };
			return api.read("/v1/admin/users", { query: { limit: 200 }, signal });
		},
		kinds: ["user"],
	}));
	const others = (data?.users ?? []).map(({ id, name, email }) => ({ id, name: name || email }));
	const user = me?.user;
	if (!user) return others;
	return [
		{ id: user.id, name: user.name || user.email },
		...others.filter(({ id }) => id !== user.id),
	];
}
