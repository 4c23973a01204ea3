# Builds build/walk/walk: Lua's host, our C and the failing allocators in one
# program. From the top: make -f spec/walk/rules.mk
VERSION := $(shell sed -n 's/^local VERSION = "\(.*\)"$$/\1/p' lua/scalekit/version.lua)
OUT ?= build/walk
CC ?= cc
WARN = -std=c11 -Wall -Wextra -Werror -Wpedantic -Wshadow -Wmissing-prototypes \
       -Wstrict-prototypes -Wpointer-arith -Wwrite-strings
SAN ?= -fsanitize=address,undefined -fno-sanitize-recover=all
FLAGS = -O1 -g -fno-omit-frame-pointer $(WARN) $(SAN) -D_GNU_SOURCE \
        -DSK_VERSION='"$(VERSION)"' -Icsrc $(shell pkg-config --cflags lua5.4)
WRAP = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
# shared objects find Lua in this program
LIBS = -lcurl -lcrypto -lpthread -ldl -lm -Wl,-E $(shell pkg-config --libs lua5.4)
OBJ := $(patsubst csrc/%.c,$(OUT)/obj/%.o,$(sort $(wildcard csrc/*.c)))

$(OUT)/walk: $(OUT)/walk.o $(OUT)/faults.o $(OBJ)
	$(CC) $(SAN) $^ $(WRAP) $(LIBS) -o $@
$(OUT)/obj/%.o: csrc/%.c $(wildcard csrc/*.h)
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -c $< -o $@
$(OUT)/%.o: spec/walk/%.c spec/walk/faults.h
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -c $< -o $@

.SECONDARY:
