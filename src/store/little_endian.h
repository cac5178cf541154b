// Numbers as the store's files have them: little-endian, at any address.
#pragma once

#include <bit>
#include <cstring>

namespace midge::store {

static_assert(std::endian::native == std::endian::little, "copied as they are");

template <class Number>
Number get_little(const char* from) {
  Number number;
  std::memcpy(&number, from, sizeof number);
  return number;
}

template <class Number>
void put_little(char* to, Number number) {
  std::memcpy(to, &number, sizeof number);
}

}  // namespace midge::store
