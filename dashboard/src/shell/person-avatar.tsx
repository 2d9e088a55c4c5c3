// The picture of a user, or the initials, where only the id and the name are known.

import { Avatar } from "../ui/avatar";
import { usePeople } from "./people";

interface PersonAvatarProps {
	/** null: not known. */
	readonly id: string | null;
	readonly name: string;
	readonly size?: "small";
}

export function PersonAvatar({ id, name, ...size }: PersonAvatarProps) {
	const picture = usePeople().find((one) => one.id === id)?.picture ?? null;
	return <Avatar name={name} person={name} picture={picture} {...size} />;
}
