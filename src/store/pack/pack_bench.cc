// Goal: what encryption and compression cost a batch of the journal, and a piece of a block.
// Method: batches of some messages' records; pieces of 64 KiB of such records, which compress to a
// fifth or so. cipher: 0 = none, 1 = AES, 2 = ChaCha20.
#include <benchmark/benchmark.h>

#include <string>

#include "io/posix/posix_entropy.h"
#include "io/posix/test_folder.h"
#include "store/journal/batch_seal.h"
#include "store/pack/pack_format.h"

namespace midge::store {
namespace {

struct Keys {
  explicit Keys(std::int64_t cipher) {
    if (cipher == 0) return;
    ring = *Keyring::open(disk, folder.path(), {static_cast<crypto::Cipher>(cipher), "key", "", 1},
                          entropy);
  }
  io::TestFolder folder;
  io::PosixDisk disk;
  io::PosixEntropy entropy;
  std::shared_ptr<const Keyring> ring;
};

std::string records(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i)
    text += "orders.eu." + std::to_string(i * 7919) + " and what was ordered, ";
  text.resize(size);
  return text;
}

void seal_batch(benchmark::State& state) {
  const Keys keys(state.range(0));
  const BatchSeal seal(keys.ring->current(), {.journal = 1, .salt = 7});
  const std::string plain = records(static_cast<std::size_t>(state.range(1)));
  std::string stored;
  std::uint64_t number = 0;
  for (auto _ : state) {
    BatchHead head{.number = ++number};
    seal.seal(head, plain, stored);
    benchmark::DoNotOptimize(stored);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(plain.size()) * state.iterations());
}
BENCHMARK(seal_batch)
    ->ArgNames({"cipher", "bytes"})
    ->ArgsProduct({{1, 2}, {200, 100'000}})
    ->Unit(benchmark::kMicrosecond);

Packer packer(const Keys& keys, std::int64_t compress) {
  const PackHead head{keys.ring == nullptr ? 0 : keys.ring->current().id, compress != 0,
                      std::string(16, 's')};
  return *Packer::create(head, keys.ring.get());
}

void pack_piece(benchmark::State& state) {
  const Keys keys(state.range(0));
  const Packer with = packer(keys, state.range(1));
  const std::string plain = records(kPieceMax), nonce(crypto::kAeadNonceSize, 'n');
  std::string stored;
  for (auto _ : state) {
    stored.clear();
    with.pack(0, plain, nonce, stored);
    benchmark::DoNotOptimize(stored);
  }
  state.counters["stored"] = static_cast<double>(stored.size());
  state.SetBytesProcessed(static_cast<std::int64_t>(plain.size()) * state.iterations());
}

void unpack_piece(benchmark::State& state) {
  const Keys keys(state.range(0));
  const Packer with = packer(keys, state.range(1));
  std::string stored, plain(kPieceMax, '\0');
  with.pack(0, records(kPieceMax), std::string(crypto::kAeadNonceSize, 'n'), stored);
  const auto piece = *with.read_head(stored);
  for (auto _ : state)
    benchmark::DoNotOptimize(with.unpack(
        piece, std::string_view(stored).substr(kPieceHead, piece.stored), plain.data()));
  state.SetBytesProcessed(static_cast<std::int64_t>(plain.size()) * state.iterations());
}
BENCHMARK(pack_piece)
    ->ArgNames({"cipher", "s2"})
    ->ArgsProduct({{0, 1, 2}, {0, 1}})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(unpack_piece)
    ->ArgNames({"cipher", "s2"})
    ->ArgsProduct({{0, 1, 2}, {0, 1}})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace midge::store
