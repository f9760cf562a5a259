/* SPDX-License-Identifier: MIT */
/*
 * libcurl, loaded at the first use.
 *
 * Linking it would cost every agent 6 MB of resident memory and 4 ms of start (measured, libcurl
 * 7.88 with the two dozen libraries that it brings along); most agents never speak HTTP as a
 * client. So the header is used for its types and the functions come from dlopen().
 */
#ifndef NET_CURL_H
#define NET_CURL_H

#include <curl/curl.h>

#include "lib/err.h"

/* Type-checking macros of the header stand for names that are not ours here. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

struct curl_api {
	CURL *(*easy_init)(void);
	void (*easy_cleanup)(CURL *);
	CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
	CURLcode (*easy_perform)(CURL *); /* waits: not for the agent */
	CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
	const char *(*easy_strerror)(CURLcode);
	struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
	void (*slist_free_all)(struct curl_slist *);
	CURLM *(*multi_init)(void);
	CURLMcode (*multi_cleanup)(CURLM *);
	CURLMcode (*multi_setopt)(CURLM *, CURLMoption, ...);
	CURLMcode (*multi_add_handle)(CURLM *, CURL *);
	CURLMcode (*multi_remove_handle)(CURLM *, CURL *);
	CURLMcode (*multi_socket_action)(CURLM *, curl_socket_t, int, int *);
	CURLMcode (*multi_assign)(CURLM *, curl_socket_t, void *);
	CURLMsg *(*multi_info_read)(CURLM *, int *);
	time_t (*getdate)(const char *, const time_t *);
};

/* Loads and initialises the library; later calls cost nothing. It stays until the process ends.
 * -ENOPKG with a text that says what to install. */
int curl_load(const struct curl_api **ret, struct err *err);

#endif
