// The users of the organization, to whom conversations are assigned.

import { useData } from "../api/desk";
import { useMe } from "./me";

export interface Person {
	readonly id: string;
	readonly name: string;
}

/** Everybody, the user first. */
export function usePeople(): readonly Person[] {
	const { data: me } = useMe();
	const { data } = useData("people", (api) => ({
		load: (signal) => api.read("/v1/admin/people", { query: { limit: 200 }, signal }),
		kinds: ["user"],
	}));
	const isMe = ({ id }: Person) => id === me?.user?.id;
	const people = data?.people ?? [];
	return [...people.filter(isMe), ...people.filter((one) => !isMe(one))];
}
