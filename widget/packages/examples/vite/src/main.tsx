import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { Headless } from "./headless";
import { Shop } from "./shop";

function App() {
	const [page, setPage] = useState<"shop" | "headless" | "none">("shop");
	return (
		<main>
			<h1>A shop</h1>
			<nav>
				<button type="button" onClick={() => setPage("shop")}>
					Widget
				</button>
				<button type="button" onClick={() => setPage("headless")}>
					Headless
				</button>
				<button type="button" onClick={() => setPage("none")}>
					Neither
				</button>
			</nav>
			{page === "shop" && <Shop />}
			{page === "headless" && <Headless />}
		</main>
	);
}

const root = document.getElementById("root");
if (root)
	createRoot(root).render(
		<StrictMode>
			<App />
		</StrictMode>,
	);
