import { Ask } from "../ask";

export default function Page() {
	return (
		<main>
			<h1>Help</h1>
			<Ask question="How do I return a parcel?" />
		</main>
	);
}
