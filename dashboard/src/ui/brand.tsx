// The mark and the name.

export function Brand() {
	return (
		<span class="brand">
			<svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
				<path
					class="brand-bubble"
					d="M9 3h14a6 6 0 0 1 6 6v9a6 6 0 0 1-6 6h-7.5l-6.2 5.2A1 1 0 0 1 7.6 28.4v-4.6A6 6 0 0 1 3 18V9a6 6 0 0 1 6-6z"
				/>
				<path class="brand-lines" d="M10 11h12M10 16.5h7" />
			</svg>
			banter
		</span>
	);
}
