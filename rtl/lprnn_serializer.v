// lprnn_serializer - sends groups, ELEMENTS units to a beat.
//
//   group_valid_i, h_i -> [ shift register ] -> m_axis
//
// A group is taken in the cycle of group_taken_o and offered from the next one on. Elements that a step's
// last beat has no unit for are zero. Odd h comes without its last bit, which is 1.

`default_nettype none

module lprnn_serializer #(
    parameter HIDDEN   = 64,  // units of a step
    parameter LANES    = 4,   // units of a group
    parameter ELEMENTS = 1,   // units of a beat, a divisor of LANES
    parameter H_W      = 4,   // bits of a unit's h
    parameter H_ODD    = 0    // 1: h is odd, of H_W bits and the last one
) (
    input  wire                              clk,
    input  wire                              rst,
    // groups
    input  wire                              group_valid_i,
    output wire                              group_taken_o,
    input  wire [LANES*H_W-1:0]              h_i,
    input  wire                              step_end_i,  // the group is the last of its step
    input  wire                              last_i,      // TLAST of the step
    input  wire                              fresh_i,     // the step began from zero state
    // stream, elements of whole bytes
    output wire                              m_valid_o,
    input  wire                              m_ready_i,
    output wire [ELEMENTS*((H_W+7)/8)*8-1:0] m_data_o,
    output wire                              m_last_o,
    output wire                              m_fresh_o
);

    localparam ELEMENT_W     = ((H_W + 7) / 8) * 8;
    localparam BEATS         = LANES / ELEMENTS;                                  // of a group
    localparam LAST_UNITS    = HIDDEN - ((HIDDEN + LANES - 1) / LANES - 1)*LANES;  // of the last group
    localparam LAST_BEATS    = (LAST_UNITS + ELEMENTS - 1) / ELEMENTS;
    localparam LAST_ELEMENTS = LAST_UNITS - (LAST_BEATS - 1)*ELEMENTS;            // of its last beat
    localparam BEAT_W        = $clog2((BEATS > 1) ? BEATS : 2);

    localparam integer FULL_COUNT_INT = BEATS - 1;
    localparam [BEAT_W-1:0] FULL_COUNT = FULL_COUNT_INT[BEAT_W-1:0];
    localparam integer LAST_COUNT_INT = LAST_BEATS - 1;
    localparam [BEAT_W-1:0] LAST_COUNT = LAST_COUNT_INT[BEAT_W-1:0];

    generate
        if (BEATS*ELEMENTS != LANES) begin : gen_param_check
            error_lprnn_serializer_beats_do_not_divide_a_group u_illegal_parameters ();
        end
    endgenerate

    reg [LANES*H_W-1:0] shift_q;
    reg [BEAT_W-1:0]    left_q;   // beats after the one offered
    reg                 valid_q;
    reg                 step_end_q;
    reg                 last_q;
    reg                 fresh_q;

    wire beat_done = valid_q & m_ready_i;
    wire word_done = beat_done & ~(|left_q);
    wire load      = group_valid_i & (~valid_q | word_done);

    wire [LANES*H_W+ELEMENTS*H_W-1:0] shifted = {{(ELEMENTS*H_W){1'b0}}, shift_q};

    always @(posedge clk) begin
        if (load) begin
            {step_end_q, last_q, fresh_q, shift_q} <= {step_end_i, last_i, fresh_i, h_i};
            left_q <= step_end_i ? LAST_COUNT : FULL_COUNT;
        end else if (beat_done) begin
            shift_q <= shifted[ELEMENTS*H_W +: LANES*H_W];
            left_q  <= left_q - 1'b1;
        end
        if (rst) begin
            valid_q <= 1'b0;
        end else begin
            valid_q <= load | (valid_q & ~word_done);
        end
    end

    wire step_beat = step_end_q & ~(|left_q);  // the last beat of a step is offered

    localparam FORM = (H_ODD != 0) ? 1 : (H_W < ELEMENT_W) ? 2 : 0;

    genvar e;
    generate
        for (e = 0; e < ELEMENTS; e = e + 1) begin : gen_element
            wire [H_W-1:0]       code = shift_q[e*H_W +: H_W];
            wire [ELEMENT_W-1:0] element;
            case (FORM)
                1: begin : gen_odd
                    assign element = {{(ELEMENT_W-H_W-1){code[H_W-1]}}, code, 1'b1};
                end
                2: begin : gen_extend
                    assign element = {{(ELEMENT_W-H_W){code[H_W-1]}}, code};
                end
                default: begin : gen_full
                    assign element = code;
                end
            endcase
            if (e >= LAST_ELEMENTS) begin : gen_mask
                assign m_data_o[e*ELEMENT_W +: ELEMENT_W] = step_beat ? {ELEMENT_W{1'b0}} : element;
            end else begin : gen_plain
                assign m_data_o[e*ELEMENT_W +: ELEMENT_W] = element;
            end
        end
    endgenerate

    assign group_taken_o = load;
    assign m_valid_o     = valid_q;
    assign m_last_o      = step_beat & last_q;
    assign m_fresh_o     = fresh_q;

endmodule

`default_nettype wire
