/* SPDX-License-Identifier: MIT */
/* The data of a DNS record as a zone file has it. Pure. */
#ifndef MONITORS_DNS_DATA_H
#define MONITORS_DNS_DATA_H

#include <stddef.h>
#include <stdint.h>

/* Where a record's data lies: names in it may point back into the message. */
struct dns_data {
	const uint8_t *message;
	size_t message_len;
	const uint8_t *data; /* within the message */
	size_t len;
	uint16_t type;
};

/* "192.0.2.1", "10 mail.example.com", "text of a TXT"; unknown types as in RFC 3597, "\# 4
 * c0000201". Names without the final dot. Cut to the size; "" when the data is malformed. Returns
 * buf. */
const char *dns_data_format(const struct dns_data *d, char *buf, size_t size);

#endif
