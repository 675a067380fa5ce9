// lprnn_output - queues groups of results and sends them, ELEMENTS units to a beat.
//
//   push -> [ DEPTH groups ] -> shift register -> m_axis
//
// The sequencer starts no group whose result would not fit, so a push never finds it full.

`default_nettype none

module lprnn_output #(
    parameter LANES         = 4,             // units of a group
    parameter H_W           = 4,             // bits of a unit's h
    parameter ELEMENTS      = 1,             // units of a beat, a divisor of LANES
    parameter ELEMENT_W     = 8,             // bits of an element on the stream
    parameter BEATS         = 4,             // beats of a group, LANES / ELEMENTS
    parameter BEAT_W        = 2,             // bits of a beat number
    parameter LAST_BEATS    = 4,             // beats of a step's last group
    parameter LAST_ELEMENTS = 1,             // elements of a step's last beat
    parameter DEPTH_W       = 2,             // log2 of the queue's groups
    parameter STYLE         = "distributed"  // "distributed" or "auto"
) (
    input  wire                          clk,
    input  wire                          rst,
    input  wire                          push_i,
    input  wire [LANES*H_W-1:0]          h_i,
    input  wire                          step_end_i,  // the group is the last of its step
    input  wire                          last_i,      // TLAST of the step
    input  wire                          fresh_i,     // the step began from zero state
    output wire                          taken_o,     // a group has left the queue
    output wire                          m_valid_o,
    input  wire                          m_ready_i,
    output wire [ELEMENTS*ELEMENT_W-1:0] m_data_o,
    output wire                          m_last_o,
    output wire                          m_fresh_o
);

    localparam WORD_W = LANES*H_W + 3;
    localparam integer FULL_COUNT_INT = BEATS - 1;
    localparam [BEAT_W-1:0] FULL_COUNT = FULL_COUNT_INT[BEAT_W-1:0];
    localparam integer LAST_COUNT_INT = LAST_BEATS - 1;
    localparam [BEAT_W-1:0] LAST_COUNT = LAST_COUNT_INT[BEAT_W-1:0];

    // As in lprnn_state_ram.
`ifdef YOSYS
    (* ram_style = STYLE *)
`elsif __slang__
    (* ram_style = STYLE *)
`else
    (* ram_style = STYLE, ramstyle = "no_rw_check", syn_ramstyle = "no_rw_check" *)
`endif
    reg [WORD_W-1:0]  queue [0:(1<<DEPTH_W)-1];
    reg [DEPTH_W-1:0] write_q;
    reg [DEPTH_W-1:0] read_q;
    reg [DEPTH_W:0]   count_q;

    reg [LANES*H_W-1:0] shift_q;
    reg [BEAT_W-1:0]    left_q;   // beats after the one offered
    reg                 valid_q;
    reg                 step_end_q;
    reg                 last_q;
    reg                 fresh_q;

    wire [WORD_W-1:0] head = queue[read_q];

    wire beat_done = valid_q & m_ready_i;
    wire word_done = beat_done & ~(|left_q);
    wire load      = (|count_q) & (~valid_q | word_done);

    wire [LANES*H_W+ELEMENTS*H_W-1:0] shifted = {{(ELEMENTS*H_W){1'b0}}, shift_q};

    always @(posedge clk) begin
        if (push_i) begin
            queue[write_q] <= {step_end_i, last_i, fresh_i, h_i};
        end
        if (load) begin
            {step_end_q, last_q, fresh_q, shift_q} <= head;
            left_q <= head[WORD_W-1] ? LAST_COUNT : FULL_COUNT;
        end else if (beat_done) begin
            shift_q <= shifted[ELEMENTS*H_W +: LANES*H_W];
            left_q  <= left_q - 1'b1;
        end
        if (rst) begin
            write_q <= {DEPTH_W{1'b0}};
            read_q  <= {DEPTH_W{1'b0}};
            count_q <= {(DEPTH_W+1){1'b0}};
            valid_q <= 1'b0;
        end else begin
            write_q <= write_q + {{(DEPTH_W-1){1'b0}}, push_i};
            read_q  <= read_q + {{(DEPTH_W-1){1'b0}}, load};
            if (push_i & ~load) begin
                count_q <= count_q + 1'b1;
            end else if (~push_i & load) begin
                count_q <= count_q - 1'b1;
            end
            valid_q <= load | (valid_q & ~word_done);
        end
    end

    wire step_beat = step_end_q & ~(|left_q);  // the last beat of a step is offered

    genvar e;
    generate
        for (e = 0; e < ELEMENTS; e = e + 1) begin : gen_element
            wire [H_W-1:0]       code = shift_q[e*H_W +: H_W];
            wire [ELEMENT_W-1:0] element;
            if (H_W == 1) begin : gen_sign  // 1 is +1, 0 is -1
                assign element = {{(ELEMENT_W-1){~code[0]}}, 1'b1};
            end else if (H_W < ELEMENT_W) begin : gen_extend
                assign element = {{(ELEMENT_W-H_W){code[H_W-1]}}, code};
            end else begin : gen_full
                assign element = code;
            end
            if (e >= LAST_ELEMENTS) begin : gen_mask
                assign m_data_o[e*ELEMENT_W +: ELEMENT_W] = step_beat ? {ELEMENT_W{1'b0}} : element;
            end else begin : gen_plain
                assign m_data_o[e*ELEMENT_W +: ELEMENT_W] = element;
            end
        end
    endgenerate

    assign taken_o   = load;
    assign m_valid_o = valid_q;
    assign m_last_o  = step_beat & last_q;
    assign m_fresh_o = fresh_q;

endmodule

`default_nettype wire
