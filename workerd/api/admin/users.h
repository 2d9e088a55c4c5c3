/*
 * Users in the admin API.
 */
#ifndef WORKERD_API_ADMIN_USERS_H
#define WORKERD_API_ADMIN_USERS_H

/* The names of enum user_role, and NULL behind them. */
extern const char *const user_role_names[];

#endif
