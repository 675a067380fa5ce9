// lprnn_embedding - reads the vector x of a token's index out of a table, and sends it.
//
//   s_axis, an index a step -> row addresses -> [ table, 2 cycles ] -> queue -> m, beats of x
//
// The table is outside: row `index * BEATS + beat` has ELEMENTS codes of X_W bits, those beyond a step's last
// element zero. An index of ROWS or more counts as 0, and beyond_o is high from then on until reset. TLAST and
// the fresh flag of the index go with its beats. Latency: 4 cycles from an index to its first beat.

`default_nettype none

module lprnn_embedding #(
    parameter ROWS     = 50,  // indices
    parameter INDEX_W  = 8,   // bits of an index, whole bytes
    parameter BEATS    = 16,  // beats of x
    parameter ELEMENTS = 1,   // elements of a beat
    parameter X_W      = 4,   // bits of an element
    parameter X_ODD    = 0,   // 1: x is odd, of X_W bits and the last one
    parameter STYLE    = "distributed"  // of the queue's memory
) (
    input  wire                                                   clk,
    input  wire                                                   rst,
    // indices
    input  wire                                                   s_valid_i,
    output wire                                                   s_ready_o,
    input  wire [INDEX_W-1:0]                                     s_data_i,
    input  wire                                                   s_last_i,
    input  wire                                                   s_fresh_i,
    // table, data 2 cycles after the address
    output wire [$clog2((ROWS*BEATS > 1) ? ROWS*BEATS : 2)-1:0]   addr_o,
    input  wire [ELEMENTS*X_W-1:0]                                data_i,
    // x, elements of whole bytes
    output wire                                                   m_valid_o,
    input  wire                                                   m_ready_i,
    output wire [ELEMENTS*((X_W+7)/8)*8-1:0]                      m_data_o,
    output wire                                                   m_last_o,
    output wire                                                   m_fresh_o,
    // an index was beyond the table
    output wire                                                   beyond_o
);

    localparam ADDR_W    = $clog2((ROWS*BEATS > 1) ? ROWS*BEATS : 2);
    localparam BEAT_W    = $clog2((BEATS > 1) ? BEATS : 2);
    localparam ELEMENT_W = ((X_W + 7) / 8) * 8;
    localparam WIDE_W    = INDEX_W + 1;

    localparam integer LAST_BEAT_INT = BEATS - 1;
    localparam [BEAT_W-1:0] LAST_BEAT = LAST_BEAT_INT[BEAT_W-1:0];
    localparam integer ROWS_INT = ROWS;
    localparam [WIDE_W-1:0] ALL_ROWS = ROWS_INT[WIDE_W-1:0];
    localparam integer BEATS_INT = BEATS;
    localparam [12:0] ALL_BEATS = BEATS_INT[12:0];

    generate
        if (INDEX_W > 24 || ROWS > (1 << INDEX_W) || BEATS >= 8192) begin : gen_param_check
            error_lprnn_embedding_illegal_table u_illegal_parameters ();
        end
    endgenerate

    reg              busy_q;   // beats of an index are left
    reg [BEAT_W-1:0] beat_q;
    reg [ADDR_W-1:0] addr_q;   // row of the next beat
    reg              last_q;
    reg              fresh_q;
    reg [1:0]        read_q;   // rows that are being read
    reg [1:0]        read_last_q;
    reg [1:0]        read_fresh_q;
    reg [2:0]        room_q;   // beats that still fit
    reg              beyond_q;

    wire last_beat = (beat_q == LAST_BEAT);
    wire read      = busy_q & (|room_q);
    wire accept    = s_valid_i & s_ready_o;

    wire [WIDE_W-1:0] number = {1'b0, s_data_i};
    wire              beyond = (number >= ALL_ROWS);

    // The first row of an index as shifts and sums: synthesis might take a block for a product.
    wire [WIDE_W+ADDR_W-1:0] wide_number = {{ADDR_W{1'b0}}, number};
    wire [14*ADDR_W-1:0]     doubled;  // the number times 1, 2, 4, ...
    wire [14*ADDR_W-1:0]     rows;     // of the bits of BEATS so far
    assign doubled[0 +: ADDR_W] = wide_number[ADDR_W-1:0];
    assign rows[0 +: ADDR_W]    = {ADDR_W{1'b0}};

    genvar place;
    generate
        for (place = 0; place < 13; place = place + 1) begin : gen_place
            wire [ADDR_W:0] twice = {doubled[place*ADDR_W +: ADDR_W], 1'b0};
            assign doubled[(place+1)*ADDR_W +: ADDR_W] = twice[ADDR_W-1:0];
            if (ALL_BEATS[place]) begin : gen_add
                assign rows[(place+1)*ADDR_W +: ADDR_W] = rows[place*ADDR_W +: ADDR_W]
                                                        + doubled[place*ADDR_W +: ADDR_W];
            end else begin : gen_pass
                assign rows[(place+1)*ADDR_W +: ADDR_W] = rows[place*ADDR_W +: ADDR_W];
            end
        end
    endgenerate

    wire beat_taken = m_valid_o & m_ready_i;

    always @(posedge clk) begin
        if (accept) begin
            addr_q  <= beyond ? {ADDR_W{1'b0}} : rows[13*ADDR_W +: ADDR_W];
            last_q  <= s_last_i;
            fresh_q <= s_fresh_i;
        end else if (read) begin
            addr_q <= addr_q + 1'b1;
        end
        read_last_q  <= {read_last_q[0], last_q & last_beat};
        read_fresh_q <= {read_fresh_q[0], fresh_q};
        if (rst) begin
            busy_q   <= 1'b0;
            beat_q   <= {BEAT_W{1'b0}};
            read_q   <= 2'd0;
            room_q   <= 3'd4;
            beyond_q <= 1'b0;
        end else begin
            busy_q <= accept | (busy_q & ~(read & last_beat));
            if (read) begin
                beat_q <= last_beat ? {BEAT_W{1'b0}} : beat_q + 1'b1;
            end
            read_q <= {read_q[0], read};
            if (read & ~beat_taken) begin
                room_q <= room_q - 1'b1;
            end else if (~read & beat_taken) begin
                room_q <= room_q + 1'b1;
            end
            beyond_q <= beyond_q | (accept & beyond);
        end
    end

    wire [ELEMENTS*X_W-1:0] codes;

    localparam FORM = (X_ODD != 0) ? 1 : (X_W < ELEMENT_W) ? 2 : 0;

    lprnn_group_fifo #(
        .WIDTH (ELEMENTS*X_W + 2),
        .DEPTH (4),
        .STYLE (STYLE)
    ) u_queue (
        .clk     (clk),
        .rst     (rst),
        .push_i  (read_q[1]),
        .data_i  ({read_last_q[1], read_fresh_q[1], data_i}),
        .pop_i   (beat_taken),
        .valid_o (m_valid_o),
        .data_o  ({m_last_o, m_fresh_o, codes})
    );

    genvar e;
    generate
        for (e = 0; e < ELEMENTS; e = e + 1) begin : gen_element
            wire [X_W-1:0] code = codes[e*X_W +: X_W];
            case (FORM)
                1: begin : gen_odd
                    assign m_data_o[e*ELEMENT_W +: ELEMENT_W] = {{(ELEMENT_W-X_W-1){code[X_W-1]}}, code, 1'b1};
                end
                2: begin : gen_extend
                    assign m_data_o[e*ELEMENT_W +: ELEMENT_W] = {{(ELEMENT_W-X_W){code[X_W-1]}}, code};
                end
                default: begin : gen_full
                    assign m_data_o[e*ELEMENT_W +: ELEMENT_W] = code;
                end
            endcase
        end
    endgenerate

    assign s_ready_o = ~busy_q | (read & last_beat);
    assign addr_o    = addr_q;
    assign beyond_o  = beyond_q;

endmodule

`default_nettype wire
