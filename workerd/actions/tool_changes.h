/*
 * Stores that a tool's MCP server describes it otherwise than when an owner looked: no model gets it until an owner has looked
 * again. A record that was changed meanwhile stays as it is: the next call finds out.
 */
#ifndef WORKERD_ACTIONS_TOOL_CHANGES_H
#define WORKERD_ACTIONS_TOOL_CHANGES_H

struct turns;

/* The turns are borrowed, until their tools' servers are freed. */
void tool_changes_watch(struct turns *turns);

#endif
