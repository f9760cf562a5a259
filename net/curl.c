/* SPDX-License-Identifier: MIT */
#include "net/curl.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "lib/array.h"

#define SYMBOL(name)                                                                               \
	{                                                                                          \
		"curl_" #name, offsetof(struct curl_api, name)                                     \
	}

static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
	SYMBOL(easy_init),
	SYMBOL(easy_cleanup),
	SYMBOL(easy_setopt),
	SYMBOL(easy_perform),
	SYMBOL(easy_getinfo),
	SYMBOL(easy_strerror),
	SYMBOL(slist_append),
	SYMBOL(slist_free_all),
	SYMBOL(multi_init),
	SYMBOL(multi_cleanup),
	SYMBOL(multi_setopt),
	SYMBOL(multi_add_handle),
	SYMBOL(multi_remove_handle),
	SYMBOL(multi_socket_action),
	SYMBOL(multi_assign),
	SYMBOL(multi_info_read),
	SYMBOL(getdate),
};

/* Either flavour does: distributions differ in which one they install. */
static const char *const libraries[] = { "libcurl.so.4", "libcurl-gnutls.so.4" };

static void *open_library(void)
{
	void *library = NULL;
	for (size_t i = 0; !library && i < ARRAY_SIZE(libraries); i++)
		library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
	return library;
}

static int load(struct curl_api *api, struct err *err)
{
	CURLcode (*global_init)(long) = NULL;
	void *library = open_library();
	if (!library)
		return err_set(err, -ENOPKG, "libcurl is needed and not installed: %s", dlerror());
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		void *symbol = dlsym(library, symbols[i].name);
		if (!symbol)
			return err_set(err, -ENOPKG, "libcurl is too old: it has no %s",
				       symbols[i].name);
		memcpy((char *)api + symbols[i].offset, &symbol, sizeof(symbol));
	}
	void *symbol = dlsym(library, "curl_global_init");
	memcpy(&global_init, &symbol, sizeof(symbol));
	if (!global_init || global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, -ENOPKG, "libcurl cannot be initialised");
	return 0;
}

/* A global, as the library itself is one per process. */
int curl_load(const struct curl_api **ret, struct err *err)
{
	static struct curl_api api;
	static bool loaded;
	if (!loaded) {
		int r = load(&api, err);
		if (r < 0)
			return r;
		loaded = true;
	}
	*ret = &api;
	return 0;
}
