/* SPDX-License-Identifier: MIT */
#include "agent/daemon/program_users.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/daemon/account.h"
#include "agent/model/principal.h"
#include "lib/mem.h"
#include "lib/str.h"

struct program_user {
	char *name;
	struct child_user *user;
};

int program_users_find(const struct program_list *programs, struct program_users *ret,
		       struct err *err)
{
	const struct child_user *known;
	*ret = (struct program_users){ 0 };
	for (size_t i = 0; i < programs->n; i++) {
		char key[PRINCIPAL_LABEL_MAX + 32];
		const struct program_spec *s = &programs->items[i];
		struct child_user *user = NULL;
		if (!s->user || program_users_get(ret, s->user, &known))
			continue;
		snprintf(key, sizeof(key), "processes: %s: user", s->name);
		int rc = account_find(key, s->user, &user, err);
		if (rc < 0)
			return rc;
		ret->items = mem_grow_by_one(ret->items, ret->n, sizeof(*ret->items));
		ret->items[ret->n++] = (struct program_user){ mem_strdup(s->user), user };
	}
	return 0;
}

void program_users_done(struct program_users *users)
{
	for (size_t i = 0; i < users->n; i++) {
		free(users->items[i].name);
		account_free(users->items[i].user);
	}
	free(users->items);
	*users = (struct program_users){ 0 };
}

bool program_users_get(const struct program_users *users, const char *name,
		       const struct child_user **ret)
{
	for (size_t i = 0; i < users->n; i++)
		if (str_equal(users->items[i].name, name)) {
			*ret = users->items[i].user;
			return true;
		}
	return false;
}

const struct child_user *program_users_at(const struct program_users *users, size_t i)
{
	return users->items[i].user;
}
