import Link from "next/link";
import { Ask } from "./ask";

export default function Page() {
	return (
		<main>
			<h1>A shop</h1>
			<Ask question="Where is my order?" />
			<Link href="/help">Help</Link>
		</main>
	);
}
