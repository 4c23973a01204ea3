# Builds the fuzz targets; spec/fuzz/run says with what. From the top:
#   make -f spec/fuzz/rules.mk OUT=build/fuzz CC=clang MODE=fuzzer
TARGETS := sse json decode jwt encode url head time credentials model
VERSION := $(shell sed -n 's/^local VERSION = "\(.*\)"$$/\1/p' lua/scalekit/version.lua)
WARN = -std=c11 -Wall -Wextra -Werror -Wpedantic -Wshadow -Wmissing-prototypes \
       -Wstrict-prototypes -Wpointer-arith -Wwrite-strings
SAN = -fsanitize=address,undefined -fno-sanitize-recover=all
FLAGS = -O1 -g -fno-omit-frame-pointer $(WARN) $(SAN) -D_GNU_SOURCE -DSK_VERSION='"$(VERSION)"' \
        -Icsrc $(shell pkg-config --cflags lua5.4)
LIBS = -lcurl -lcrypto -lpthread -ldl -lm $(shell pkg-config --libs lua5.4)

ifeq ($(MODE),fuzzer)
FLAGS += -fsanitize=fuzzer-no-link
MAIN = -fsanitize=fuzzer
else
# characters without a sign, as on ARM: the other half of the machines
FLAGS += -funsigned-char
MAIN = $(OUT)/replay.o
endif

OBJ := $(patsubst csrc/%.c,$(OUT)/obj/%.o,$(sort $(wildcard csrc/*.c)))
HDR := $(wildcard csrc/*.h) spec/fuzz/fuzz.h

all: $(TARGETS:%=$(OUT)/%)

$(OUT)/obj/%.o: csrc/%.c $(HDR)
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -c $< -o $@
$(OUT)/%.o: spec/fuzz/%.c $(HDR)
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -c $< -o $@
$(TARGETS:%=$(OUT)/%): $(OUT)/%: $(OUT)/%.o $(OBJ) $(filter %.o,$(MAIN))
	$(CC) $(SAN) $< $(OBJ) $(MAIN) $(LIBS) -o $@

.PHONY: all
.SECONDARY:
