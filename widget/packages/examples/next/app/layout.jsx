import { Banter } from "@banter/react";

export const metadata = { title: "A shop" };

/** In the layout, the chat stays while the visitor goes from page to page. */
export default function Layout({ children }) {
	return (
		<html lang="en">
			<body>
				<Banter
					server={process.env.NEXT_PUBLIC_BANTER_SERVER}
					widget={process.env.NEXT_PUBLIC_BANTER_WIDGET}
				>
					{children}
				</Banter>
			</body>
		</html>
	);
}
