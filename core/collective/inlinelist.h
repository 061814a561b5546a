// SPDX-License-Identifier: Apache-2.0
// A short list of plain values without allocation.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>

namespace shardlens {

/// At most N values; what does not fit is left out. Places not yet used cost nothing: groups are laid out for thousands of plans.
template <class T, std::size_t N>
class InlineList {
    static_assert(std::is_trivially_destructible_v<T>);

public:
    InlineList() noexcept {}
    InlineList(const InlineList& other) noexcept { *this = other; }
    InlineList& operator=(const InlineList& other) noexcept
    {
        if (this != &other) {
            m_count = 0;
            for (const T& value : other)
                add(value);
        }
        return *this;
    }
    ~InlineList() = default;

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstringop-overflow" // GCC 12 takes a vectorized copy into the last place for one beyond it
#endif
    void add(const T& value)
    {
        if (m_count < N)
            ::new (static_cast<void*>(m_storage.items + m_count++)) T(value);
    }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
    [[nodiscard]] std::size_t size() const
    {
        return m_count;
    }
    [[nodiscard]] const T& operator[](std::size_t i) const
    {
        return m_storage.items[i];
    }
    [[nodiscard]] T& operator[](std::size_t i)
    {
        return m_storage.items[i];
    }
    [[nodiscard]] T* begin()
    {
        return m_storage.items;
    }
    [[nodiscard]] T* end()
    {
        return m_storage.items + m_count;
    }
    [[nodiscard]] const T* begin() const
    {
        return m_storage.items;
    }
    [[nodiscard]] const T* end() const
    {
        return m_storage.items + m_count;
    }

private:
    union Storage {
        Storage() {}
        T items[N];
    };
    Storage m_storage;
    std::size_t m_count = 0;
};

} // namespace shardlens
