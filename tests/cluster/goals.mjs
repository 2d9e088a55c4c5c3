export async function measureGoals(banter) {
	console.log(banter.fronts);
	return 0;
}
