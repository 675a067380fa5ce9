// Drives one verilated AXI4-Stream core, any widths: compiled as one unit with the model.
//
// Two files are written for each core: ports.h includes the model's header and defines DUT_CLOCK,
// DUT_RESET_N, DUT_STATE_CLEAR (only with that port), DUT_IN(signal), DUT_OUT(signal),
// DUT_IN_BYTES, DUT_OUT_BYTES and DUT_TRACE(X), one X(layer) per traced layer; sources.h includes
// the model. What is exported is called from verilator.rs, which mirrors Job and the result codes.
// No exception leaves.

#include "ports.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

// Folders that relative $readmemh names are looked up in, and what the model prints.
thread_local const std::vector<std::string>* memory_folders;
thread_local std::string printed;
constexpr size_t PRINTED_LIMIT = 1 << 16;

[[noreturn]] void fail(const char* what, const char* file, int line, const char* text) {
    std::string message = printed;
    while (!message.empty() && message.back() == '\n') message.pop_back();
    if (!message.empty()) message += "\n";
    message += what;
    if (file && *file) message += std::string(" at ") + file + (line ? ":" + std::to_string(line) : "");
    if (text && *text) message += std::string(": ") + text;
    throw std::runtime_error(message);
}

}  // namespace

int lprnn_printf(const char* format, ...) {
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    printed += text;
    if (printed.size() > PRINTED_LIMIT) printed.erase(0, printed.size() - PRINTED_LIMIT);
    return length;
}

void vl_fatal(const char* file, int line, const char*, const char* text) { fail("fatal", file, line, text); }
void vl_stop(const char* file, int line, const char*) { fail("stopped", file, line, nullptr); }
void vl_finish(const char* file, int line, const char*) { fail("$finish", file, line, nullptr); }
void vl_warn(const char* file, int line, const char*, const char* text) { fail("warning", file, line, text); }

// Linked with --wrap=fopen: the runtime opens memory images here.
extern "C" FILE* __real_fopen(const char*, const char*);
extern "C" FILE* __wrap_fopen(const char* name, const char* mode) {
    if (name[0] == '/' || mode[0] != 'r' || !memory_folders) return __real_fopen(name, mode);
    for (const std::string& folder : *memory_folders)
        if (FILE* file = __real_fopen((folder + "/" + name).c_str(), mode)) return file;
    return nullptr;
}

namespace {

enum { COMPLETE = 0, QUIET = 1, CYCLES = 2, PROTOCOL = 3, THREW = 4 };
enum : uint8_t { FLAG_LAST = 1, FLAG_CLEAR = 2 };

// One bulk call. Masks hold one bit per cycle, cycle 0 in bit 0 of word 0, and repeat; their
// numbers of words are powers of two, or 0.
struct Job {
    const uint8_t* in_data;   // in_beats * in_bytes
    const uint8_t* in_flags;  // one per beat
    uint64_t in_beats;
    const uint64_t* offer;  // cycles in which a new beat may be offered; 0 words: always
    uint64_t offer_words;
    const uint64_t* take;  // cycles in which m_axis_tready is high; 0 words: always
    uint64_t take_words;
    uint64_t out_beats;    // return after so many
    uint64_t quiet_limit;  // return after so many cycles without a transfer
    uint64_t cycle_limit;  // return after so many cycles
    uint8_t* out_data;     // room for out_beats * out_bytes
    uint8_t* out_last;
    uint64_t* out_cycle;  // cycle, counted from reset, in which the beat was taken
    uint64_t* in_cycle;   // room for in_beats: cycle in which the beat was accepted
    uint64_t in_done;     // results
    uint64_t out_done;
    uint64_t cycle;  // cycles since reset
};

inline bool bit(const uint64_t* mask, uint64_t words, uint64_t cycle) {
    return words == 0 || ((mask[(cycle >> 6) & (words - 1)] >> (cycle & 63)) & 1);
}

struct Dut {
    VerilatedContext context;
    Vdut* top = nullptr;
#if VM_TRACE
    VerilatedVcdC* vcd = nullptr;
#endif
    std::vector<std::string> folders;
    std::string error, text;
    std::vector<uint8_t> trace;
    std::vector<uint8_t> stalled;  // the beat that waited in the last cycle: last, data
    uint64_t cycle = 0, time = 0;
    bool offering = false, accepted = false, waiting = false, cleared = false, tracing = false;
    bool dead = false;

    void enter() {
        memory_folders = &folders;
        printed.swap(text);
    }
    void leave() {
        memory_folders = nullptr;
        printed.swap(text);
    }

    void eval() {
        top->eval();
#if VM_TRACE
        if (vcd) vcd->dump(time);
#endif
        time += 5;
    }
    void edge() {
        top->DUT_CLOCK = 1;
        eval();
        top->DUT_CLOCK = 0;
    }
    void set_input(const uint8_t* data) {
        uint8_t whole[sizeof(top->DUT_IN(tdata))] = {};
        memcpy(whole, data, DUT_IN_BYTES);
        memcpy(&top->DUT_IN(tdata), whole, sizeof whole);
    }
    // Nothing may depend on TDATA and TLAST while TVALID is low: show the core garbage then.
    void set_garbage() {
        top->DUT_IN(tlast) = cycle & 1;
        uint8_t garbage[DUT_IN_BYTES];
        for (size_t i = 0; i < sizeof garbage; i++)
            garbage[i] = static_cast<uint8_t>(0xA5 ^ (cycle * 31 + i * 7));
        set_input(garbage);
    }
    template <typename T> void record(const T& value) {
        const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
        trace.insert(trace.end(), bytes, bytes + sizeof value);
    }
    // One record per valid group: layer u32, gate u32, group u32, bytes u32, z.
    void record_trace() {
#define DUT_RECORD(layer)                                           \
    if (top->trace_l##layer##_valid) {                              \
        record<uint32_t>(layer);                                    \
        record<uint32_t>(top->trace_l##layer##_gate);               \
        record<uint32_t>(top->trace_l##layer##_group);              \
        record<uint32_t>(sizeof(top->trace_l##layer##_z));          \
        record(top->trace_l##layer##_z);                            \
    }
        DUT_TRACE(DUT_RECORD)
    }

    int run(Job& job) {
        uint64_t quiet = 0;
        const uint64_t end = cycle + job.cycle_limit;
        job.in_done = job.out_done = 0;
        while (job.out_done < job.out_beats) {
            if (quiet >= job.quiet_limit) return job.cycle = cycle, QUIET;
            if (cycle >= end) return job.cycle = cycle, CYCLES;
            const uint8_t flags = job.in_done < job.in_beats ? job.in_flags[job.in_done] : 0;
#ifdef DUT_STATE_CLEAR
            // The pulse has a cycle of its own, before the beat is offered.
            const bool clear = (flags & FLAG_CLEAR) && !cleared && !offering;
            top->DUT_STATE_CLEAR = clear;
            cleared = cleared || clear;
#else
            constexpr bool clear = false;
#endif
            const bool was_offering = offering;
            offering = offering
                || (job.in_done < job.in_beats && !clear && bit(job.offer, job.offer_words, cycle));
            if (offering && !was_offering) {
                set_input(job.in_data + job.in_done * DUT_IN_BYTES);
                top->DUT_IN(tlast) = flags & FLAG_LAST;
            } else if (!offering && accepted) {
                set_garbage();
            }
            accepted = false;
            top->DUT_IN(tvalid) = offering;
            const bool take = bit(job.take, job.take_words, cycle);
            top->DUT_OUT(tready) = take;
            eval();

            quiet++;
            const bool valid = top->DUT_OUT(tvalid);
            const auto* data = reinterpret_cast<const uint8_t*>(&top->DUT_OUT(tdata));
            if (waiting) {
                if (!valid) return stop(job, "m_axis_tvalid fell before the beat was taken");
                if (stalled[0] != top->DUT_OUT(tlast) || memcmp(&stalled[1], data, DUT_OUT_BYTES))
                    return stop(job, "m_axis_tdata or m_axis_tlast changed before the beat was taken");
            }
            waiting = valid && !take;
            if (waiting) {
                stalled[0] = top->DUT_OUT(tlast);
                memcpy(&stalled[1], data, DUT_OUT_BYTES);
            }
            if (offering && top->DUT_IN(tready)) {
                job.in_cycle[job.in_done++] = cycle;
                offering = cleared = false;
                accepted = true;
                quiet = 0;
            }
            if (valid && take) {
                memcpy(job.out_data + job.out_done * DUT_OUT_BYTES, data, DUT_OUT_BYTES);
                job.out_last[job.out_done] = top->DUT_OUT(tlast);
                job.out_cycle[job.out_done++] = cycle;
                quiet = 0;
            }
            if (tracing) record_trace();
            edge();
            cycle++;
        }
        return job.cycle = cycle, COMPLETE;
    }

    int stop(Job& job, const char* what) {
        job.cycle = cycle;
        error = what;
        return PROTOCOL;
    }
};

// Runs `body` with the model's surroundings in place; THREW when the model stopped.
template <typename F> int guarded(Dut* dut, F body) {
    if (dut->dead) return THREW;
    dut->enter();
    int result = THREW;
    try {
        result = body();
    } catch (const std::exception& exception) {
        dut->error = exception.what();
    } catch (...) {
        dut->error = "unknown exception";
    }
    dut->leave();
    dut->dead = result == THREW;  // a model that was left in the middle must not go on
    return result;
}

}  // namespace

// `folders`: one a line.
EXPORT Dut* lprnn_new(const char* folders, int seed) {
    Dut* dut = new (std::nothrow) Dut;
    if (!dut) return nullptr;
    guarded(dut, [&] {
        for (const char* end; (end = strchr(folders, '\n')); folders = end + 1)
            dut->folders.emplace_back(folders, end);
        dut->stalled.resize(1 + DUT_OUT_BYTES);
        dut->context.randReset(2);
        dut->context.randSeed(seed);
        dut->context.traceEverOn(VM_TRACE);
        dut->top = new Vdut{&dut->context};
        return COMPLETE;
    });
    return dut;
}

EXPORT void lprnn_free(Dut* dut) {
    dut->dead = false;
    guarded(dut, [&] {
#if VM_TRACE
        if (dut->vcd) dut->vcd->close();
        delete dut->vcd;
#endif
        delete dut->top;
        return COMPLETE;
    });
    delete dut;
}

EXPORT const char* lprnn_error(const Dut* dut) { return dut->error.c_str(); }

// With `strict` in the middle of the work: TVALID must be low all the while, whatever the sink does.
EXPORT int lprnn_reset(Dut* dut, uint64_t cycles, int strict) {
    return guarded(dut, [&]() -> int {
        auto* top = dut->top;
        top->DUT_CLOCK = 0;
        top->DUT_RESET_N = 0;
        top->DUT_IN(tvalid) = 0;
        top->DUT_IN(tlast) = 0;
        top->DUT_OUT(tready) = strict != 0;
#ifdef DUT_STATE_CLEAR
        top->DUT_STATE_CLEAR = 0;
#endif
        dut->cycle = 0;
        dut->offering = dut->accepted = dut->waiting = dut->cleared = false;
        dut->trace.clear();
        for (uint64_t i = 0; i < cycles; i++) {
            dut->set_garbage();
            dut->eval();
            if (strict && top->DUT_OUT(tvalid)) {
                dut->error = "m_axis_tvalid is high while reset is low";
                return PROTOCOL;
            }
            dut->edge();
        }
        top->DUT_RESET_N = 1;
        return COMPLETE;
    });
}

EXPORT int lprnn_run(Dut* dut, Job* job) {
    return guarded(dut, [&] { return dut->run(*job); });
}

EXPORT void lprnn_trace_on(Dut* dut) { dut->tracing = true; }

EXPORT const uint8_t* lprnn_trace(const Dut* dut, uint64_t* bytes) {
    *bytes = dut->trace.size();
    return dut->trace.data();
}

EXPORT void lprnn_trace_clear(Dut* dut) { dut->trace.clear(); }

#if VM_TRACE
EXPORT int lprnn_vcd(Dut* dut, const char* path) {
    return guarded(dut, [&] {
        dut->vcd = new VerilatedVcdC;
        dut->top->trace(dut->vcd, 99);
        dut->vcd->open(path);
        if (!dut->vcd->isOpen()) throw std::runtime_error("cannot write the VCD file");
        return COMPLETE;
    });
}
#endif

#include "sources.h"
