/* The client's half of RFC 6455, as far as a load client on loopback needs it: unfragmented frames only. */
#ifndef BENCH_WEBSOCKET_H
#define BENCH_WEBSOCKET_H

#include "common.h"

enum { WS_TEXT = 1, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

struct ws_frame {
    int opcode;
    const char *payload;
    size_t len;
};

/* Parses one frame. Returns its whole length, 0 when more bytes are needed, -1 when it is not one we know. */
static inline long ws_parse(const unsigned char *at, size_t have, struct ws_frame *frame) {
    if (have < 2) return 0;
    if (!(at[0] & 0x80) || (at[1] & 0x80)) return -1;
    size_t head = 2, len = at[1] & 0x7f;
    if (len == 126) {
        if (have < 4) return 0;
        len = (size_t)at[2] << 8 | at[3];
        head = 4;
    } else if (len == 127) {
        if (have < 10) return 0;
        len = 0;
        for (int i = 2; i < 10; i++) len = len << 8 | at[i];
        head = 10;
    }
    if (have < head + len) return 0;
    *frame = (struct ws_frame){at[0] & 15, (const char *)at + head, len};
    return (long)(head + len);
}

/* Writes a masked frame (with a mask of our own choosing: the wire wants one, loopback needs no secret). */
static inline size_t ws_build(char *out, int opcode, const char *payload, size_t len) {
    static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    size_t head = 2;
    out[0] = (char)(0x80 | opcode);
    if (len < 126) {
        out[1] = (char)(0x80 | len);
    } else {
        out[1] = (char)(0x80 | 126);
        out[2] = (char)(len >> 8);
        out[3] = (char)len;
        head = 4;
    }
    memcpy(out + head, mask, 4);
    for (size_t i = 0; i < len; i++) out[head + 4 + i] = (char)(payload[i] ^ mask[i & 3]);
    return head + 4 + len;
}

#endif
