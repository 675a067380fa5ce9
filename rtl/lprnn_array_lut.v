// lprnn_array_lut - ROWS dot products over COLUMNS columns per cycle, in LUTs.
//
//   act_i -> pair values (shared) -> ROWS x lprnn_da_row -> sum_o
//
// weight_i arrives one cycle after act_i. Latency from act_i: 1 + that of lprnn_da_row.
// sum_o contains constants (activation offset, one per chain step); see lprnn_da_row.

`default_nettype none

module lprnn_array_lut #(
    parameter ROWS     = 4,   // dot products side by side
    parameter COLUMNS  = 16,  // products of each per cycle
    parameter CHAIN    = 8,   // column pairs per chain; as many chains as it takes
    parameter ACT_W    = 4,   // bits of an activation, offset binary
    parameter WEIGHT_W = 4,   // bits of a weight
    parameter ODD      = 0,   // 1: weights are odd
    parameter MUX_REG  = 0,   // 1: register before every addition (LUT4 families)
    parameter SUM_W    = 14   // bits of a row's sum
) (
    input  wire                             clk,
    input  wire [COLUMNS*ACT_W-1:0]         act_i,
    input  wire [ROWS*COLUMNS*WEIGHT_W-1:0] weight_i,
    output wire [ROWS*SUM_W-1:0]            sum_o
);

    localparam CHAINS = ((COLUMNS + 1) / 2 + CHAIN - 1) / CHAIN;
    localparam PAIRS  = CHAIN * CHAINS;
    localparam DIGITS = (MUX_REG != 0 && ODD == 0) ? 1 : 0;  // see lprnn_da_row

    // An operand of zero.
    localparam [ACT_W:0] OFFSET = {(DIGITS != 0) ? 1'b1 : 1'b0, {ACT_W{1'b0}}} >> 1;
    localparam [ACT_W-1:0] MISSING = OFFSET[ACT_W-1:0];
    // Digits of even weights take the operands signed, everything else takes them in offset binary.
    localparam [ACT_W-1:0] SIGN = MISSING;

    wire [2*PAIRS*ACT_W-1:0] act;
    assign act[COLUMNS*ACT_W-1:0] = act_i;
    generate
        if (COLUMNS < 2*PAIRS) begin : gen_missing_columns
            assign act[2*PAIRS*ACT_W-1:COLUMNS*ACT_W] = {(2*PAIRS-COLUMNS){MISSING}};
        end
    endgenerate

    wire [PAIRS*ACT_W-1:0]     low;
    wire [PAIRS*ACT_W-1:0]     high;
    wire [PAIRS*(ACT_W+1)-1:0] sum;
    wire [PAIRS*(ACT_W+1)-1:0] diff;

    genvar p, r;
    generate
        for (p = 0; p < PAIRS; p = p + 1) begin : gen_pair
            wire [ACT_W-1:0] x0 = act[2*p*ACT_W +: ACT_W] ^ SIGN;
            wire [ACT_W-1:0] x1 = act[(2*p+1)*ACT_W +: ACT_W] ^ SIGN;
            wire e0 = (DIGITS != 0) ? x0[ACT_W-1] : 1'b0;
            wire e1 = (DIGITS != 0) ? x1[ACT_W-1] : 1'b0;
            reg [ACT_W-1:0]  low_q;
            reg [ACT_W-1:0]  high_q;
            reg [ACT_W:0]    sum_q;
            reg [ACT_W:0]    diff_q;
            always @(posedge clk) begin
                low_q  <= x0;
                high_q <= x1;
                sum_q  <= {e0, x0} + {e1, x1};
                // Of odd weights counted from 0: a difference of unsigned values plus 2^ACT_W - 1.
                diff_q <= (ODD != 0) ? {1'b0, x1} + {1'b0, ~x0} : {e1, x1} - {e0, x0};
            end
            assign low[p*ACT_W +: ACT_W]        = low_q;
            assign high[p*ACT_W +: ACT_W]       = high_q;
            assign sum[p*(ACT_W+1) +: ACT_W+1]  = sum_q;
            // The last bits of such a difference and of the sum are each other's inverse.
            assign diff[p*(ACT_W+1) +: ACT_W+1] = (ODD != 0) ? {diff_q[ACT_W:1], ~sum_q[0]} : diff_q;
        end

        for (r = 0; r < ROWS; r = r + 1) begin : gen_row
            lprnn_da_row #(
                .COLUMNS  (COLUMNS),
                .CHAIN    (CHAIN),
                .CHAINS   (CHAINS),
                .ACT_W    (ACT_W),
                .WEIGHT_W (WEIGHT_W),
                .ODD      (ODD),
                .MUX_REG  (MUX_REG),
                .SUM_W    (SUM_W)
            ) u_row (
                .clk      (clk),
                .low_i    (low),
                .high_i   (high),
                .sum_i    (sum),
                .diff_i   (diff),
                .weight_i (weight_i[r*COLUMNS*WEIGHT_W +: COLUMNS*WEIGHT_W]),
                .sum_o    (sum_o[r*SUM_W +: SUM_W])
            );
        end
    endgenerate

endmodule

`default_nettype wire
