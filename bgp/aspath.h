/* SPDX-License-Identifier: MIT */
/*
 * AS_PATH and AS4_PATH: segments of 2- or 4-octet AS numbers (RFC 4271 4.3, RFC 5065, RFC 6793).
 */
#ifndef BGP_ASPATH_H
#define BGP_ASPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/str.h"

/* RFC 7606 7.2. `confed_ok`: segments of a confederation may be in it. */
bool bgp_as_path_is_valid(struct reader path, uint8_t as_size, bool confed_ok);

/* "65001 65002 {65003,65004}", confederation segments as "(1 2)" and "[1,2]". */
void bgp_as_path_add_text(struct strbuf *sb, struct reader path, uint8_t as_size);

/* The path of a peer without 4-octet AS numbers, merged from AS_PATH and AS4_PATH (RFC 6793
 * 4.2.3). */
void bgp_as_path_add_merged_text(struct strbuf *sb, struct reader path2, struct reader path4);

/* Bytes that bgp_as_path_encode writes. */
size_t bgp_as_path_size(size_t n, uint8_t as_size);
/* One AS_SEQUENCE, or several when there are more than 255. With `as_size` 2 a larger AS number
 * becomes AS_TRANS. */
void bgp_as_path_encode(struct writer *w, const uint32_t *path, size_t n, uint8_t as_size);

#endif
